"""Whole tables: the records of one table or two in, every pair worth a look out. No files, no clock."""
