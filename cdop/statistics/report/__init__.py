"""The annual report to read: as a page, as PDF/UA and as a Word document that people may edit."""
