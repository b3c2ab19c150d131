"""How accounts stand by the playbook: emotional account, depth, grades, classes, the customer card."""
