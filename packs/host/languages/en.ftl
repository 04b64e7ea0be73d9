# The words of the pack `host`.

host = Servers
host-description = Traffic and load of each server
host-lead = What the servers sent and received in the last 30 days, and how busy, full of memory and of data they were when they were asked last.
host-server = Server
host-sent = Sent
host-received = Received
host-busy = Busy
host-memory = Memory
host-disk = Disk
host-none = No server has said anything yet.
host-server-lead = As of { $day }. A day on which nothing is known is a gap.
host-traffic = Traffic a day
host-load = Load when the server was asked
host-names = sent_bytes=sent, received_bytes=received, load=load
