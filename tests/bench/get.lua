-- GET of one address, with a Cookie if one is given, and the figures in a form that a program reads.

function init(args)
	if args[1] then
		wrk.headers["Cookie"] = args[1]
	end
end

function done(summary, latency)
	io.write(string.format("rate %.1f\np50_ms %.3f\np99_ms %.3f\nfaults %d\n",
		summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000,
		latency:percentile(99) / 1000,
		summary.errors.connect + summary.errors.read + summary.errors.write
		+ summary.errors.timeout + summary.errors.status))
end
