footer-clients = Tor Metrics estimates users from requests for directories; they are no people that were counted. <a>What is counted</a>
