"""Load on a service with a database: what is asked, what is sent, what changes meanwhile, what memory it takes."""
