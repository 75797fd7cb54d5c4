#fields	indicator	indicator_type	meta.desc
bob@lab.example	Intel::EMAIL	mailbox of a fraud
