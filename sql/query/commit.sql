-- Makes a transaction block's work durable.
commit
