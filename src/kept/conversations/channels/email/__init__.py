"""E-mail: a real SMTP sender, and the box in which a demo keeps its letters."""
