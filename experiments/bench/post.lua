-- POSTs the JSON files of a folder in turn; prints one JSON line with what was measured.
local bodies, turn = {}, 0

function init(args)
  wrk.headers["Content-Type"] = "application/json"
  for number = 0, tonumber(args[2]) - 1 do
    local file = io.open(args[1] .. "/" .. number .. ".json", "rb")
    bodies[number] = wrk.format("POST", nil, nil, file:read("*a"))
    file:close()
  end
end

function request()
  turn = (turn + 1) % (#bodies + 1)
  return bodies[turn]
end

function done(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
end
