"""From scorecards to what people hold: pages, PDF, JSON, and when they may hold it."""
