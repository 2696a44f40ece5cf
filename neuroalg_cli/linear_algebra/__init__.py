"""Exact linear algebra modulo primes, and the ranks that it finds."""
