"""Ways to and from customers. Rules: one folder a channel, no database, no vault."""
