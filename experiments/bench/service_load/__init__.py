"""Load on a service with a store: what is asked, what is sent, what changes meanwhile, what memory it takes."""
