-- Requests with keys from a file: wrk -s keys.lua URL -- PATH KEYS COUNT [HEADER…]
-- COUNT of its keys are drawn evenly; "malformed" as COUNT sends a key that never reaches the database, and "one" what
-- stands in the place of the file itself. Each further argument is a line of the head.
local head, tail, data, count, length

function init(args)
  local path, file = args[1], args[2]
  head = "GET " .. path .. " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\nUser-Agent: bench/1\r\nAuthorization: Bearer "
  tail, length = "\r\n", 49
  for at = 4, #args do
    tail = tail .. args[at] .. "\r\n"
  end
  tail = tail .. "\r\n"
  if args[3] == "one" then
    data, count, length = file .. "\n", 1, #file
  elseif args[3] == "malformed" then
    data, count = "lk_000000000000000000000000000000000000000000000\n", 1
  else
    count = tonumber(args[3])
    local keys = assert(io.open(file, "rb"))
    data = keys:read(count * 50)
    keys:close()
  end
  math.randomseed(os.time())
end

function request()
  local at = math.random(0, count - 1) * 50
  return head .. data:sub(at + 1, at + length) .. tail
end
