"""HTTP and pages. A route turns a request into one call of a service and its result into a page."""
