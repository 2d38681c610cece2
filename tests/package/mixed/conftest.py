import keelback

keelback.install()
