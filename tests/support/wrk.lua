-- What a load met, in a form that a program reads.

function done(summary, latency)
	local e = summary.errors
	io.write(string.format("requests %d\nconnect %d\nread %d\nwrite %d\ntimeout %d\nstatus %d\n",
		summary.requests, e.connect, e.read, e.write, e.timeout, e.status))
end
