"""A report in the forms that other programs read: JSON, JUnit XML, SARIF."""
