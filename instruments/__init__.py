"""What is asked: frameworks of competencies, items and scales, in versions which never change."""
