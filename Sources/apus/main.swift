/// `apus COMMAND …`
Apus.run()
