-- POST /scan as a station does it: a random known number, one of the sessions, a fresh
-- scan_id. Arguments: how many numbers there are, how many sessions, the seed.

local threads = 0

function setup(thread)
	threads = threads + 1
	thread:set("number", threads)
end

function init(args)
	numbers, sessions = tonumber(args[1]), tonumber(args[2])
	math.randomseed(tonumber(args[3]) * 1000 + number)
	headers = { ["Content-Type"] = "application/json" }
end

function request()
	local r = math.random
	local body = string.format(
		'{"waybill_number":"JT%d","session_id":"%d","station":"dock 1","scanned_by":"ana",'
		.. '"scan_id":"%04x%04x-%04x-4%03x-8%03x-%04x%04x%04x"}',
		1000000000000 + r(0, numbers - 1), r(1, sessions), r(0, 65535), r(0, 65535), r(0, 65535),
		r(0, 4095), r(0, 4095), r(0, 65535), r(0, 65535), r(0, 65535))
	return wrk.format("POST", "/scan", headers, body)
end

-- A 409 (a number that this session had already) is an answer; what was recorded is
-- counted in the database.
function done(summary, latency)
	io.write(string.format("rate %.1f\np99_ms %.3f\nfaults %d\n",
		summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000,
		summary.errors.connect + summary.errors.read + summary.errors.write
		+ summary.errors.timeout))
end
