-- wrk -s wrk.lua URL [-- FILE]: with a file, every request carries its next line as the payment.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  used, dry = 0, 0
  if not args[1] then return end
  local lines = io.lines(args[1])
  request = function()
    local line = lines and lines()
    if line then
      used = used + 1
      wrk.headers["payment-signature"] = line
    else
      lines, dry = nil, 1
    end
    return wrk.format()
  end
end

function done(summary, latency)
  local used, dry = 0, 0
  for _, thread in ipairs(threads) do
    used = used + thread:get("used")
    dry = dry + thread:get("dry")
  end
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d,"used":%d,"dry":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, used, dry))
end
