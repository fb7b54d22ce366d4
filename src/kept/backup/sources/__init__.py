"""What is copied, and where it is put back: the file systems of the machine."""
