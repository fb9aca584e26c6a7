-- GET of one address, each with a connection of its own; the figures as in get.lua.

wrk.headers["Connection"] = "close"

function done(summary, latency)
	io.write(string.format("rate %.1f\np99_ms %.3f\nfaults %d\n",
		summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000,
		summary.errors.connect + summary.errors.read + summary.errors.write
		+ summary.errors.timeout + summary.errors.status))
end
