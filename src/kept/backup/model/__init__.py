"""What is kept, drawn, counted, planned and told? Values and decisions alone."""
