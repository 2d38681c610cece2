-- What Neovim makes of the server: run by `editors/neovim/smoke` with a copy of an example as the current folder. Each step waits for what it wants to see.

local PATIENCE = 60000

local function fail(message)
  io.stderr:write("neovim: " .. message .. "\n")
  vim.cmd("cquit 1")
end

local function say(message)
  io.stdout:write(message .. "\n")
end

local function wait_for(what, condition)
  if not vim.wait(PATIENCE, condition, 10) then
    fail("waited in vain for " .. what .. "; messages: " .. vim.fn.execute("messages"))
  end
  say("ok: " .. what)
end

local function errors()
  return vim.diagnostic.get(0, { severity = vim.diagnostic.severity.ERROR })
end

-- Puts the cursor on the first `text` of the buffer, `offset` bytes into it.
local function move_to(text, offset)
  for number, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    local column = line:find(text, 1, true)
    if column then
      vim.api.nvim_win_set_cursor(0, { number, column - 1 + (offset or 0) })
      return number
    end
  end
  fail("there is no `" .. text .. "`")
end

local function replace(old, new)
  local number = move_to(old)
  local line = vim.api.nvim_buf_get_lines(0, number - 1, number, false)[1]
  local column = line:find(old, 1, true)
  vim.api.nvim_buf_set_text(0, number - 1, column - 1, number - 1, column - 1 + #old, { new })
  return number
end

-- The text of the floating window, if there is one.
local function float()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      local buffer = vim.api.nvim_win_get_buf(window)
      return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
    end
  end
end

local function steps()
  vim.cmd("filetype on")
  vim.cmd("luafile " .. vim.fn.fnameescape(vim.env.KEELBACK_EDITOR_FILES .. "/keelback.lua"))
  vim.g.keelback_command = { vim.env.KEELBACK_SERVER, "lsp" }
  vim.cmd("edit solar/system.py")
  wait_for("the server to answer", function()
    local client = vim.lsp.get_active_clients()[1]
    return client ~= nil and client.initialized and client.server_capabilities.hoverProvider
  end)
  vim.wait(300)
  if #errors() ~= 0 then
    fail("the example has errors: " .. vim.inspect(errors()))
  end

  -- An edit, and what is wrong with it.
  local line = replace("total += body.kinetic_energy()", "total += body.kinetic_enrgy()")
  wait_for("the error of an edit", function()
    return #errors() == 1
  end)
  local found = errors()[1]
  if found.lnum ~= line - 1 or found.code ~= "unresolved-attribute" and not found.message:find("kinetic_energy", 1, true) then
    fail("unexpected: " .. vim.inspect(found))
  end
  replace("total += body.kinetic_enrgy()", "total += body.kinetic_energy()")
  wait_for("the error to go", function()
    return #errors() == 0
  end)

  -- Hover.
  move_to("squared = dx", 2)
  vim.lsp.buf.hover()
  wait_for("the hover text", function()
    local text = float()
    return text ~= nil and text:find("squared: float", 1, true) ~= nil and text:find("64-bit float", 1, true) ~= nil
  end)
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      vim.api.nvim_win_close(window, true)
    end
  end

  -- Definitions: in another module, and in a stub of the standard library.
  move_to("body.move(dt)", 6)
  vim.lsp.buf.definition()
  wait_for("the definition in another module", function()
    return vim.api.nvim_buf_get_name(0):match("solar/bodies%.py$") ~= nil
      and vim.api.nvim_get_current_line():match("def move") ~= nil
  end)
  vim.cmd("edit! solar/system.py")
  move_to("sqrt(dx", 1)
  vim.lsp.buf.definition()
  wait_for("the definition in typeshed", function()
    return vim.api.nvim_buf_get_name(0):match("stdlib/math/__init__%.pyi$") ~= nil
      and vim.api.nvim_get_current_line():match("def sqrt") ~= nil
  end)

  -- The server ends with the editor.
  vim.lsp.stop_client(vim.lsp.get_active_clients())
  wait_for("the server to end", function()
    return #vim.lsp.get_active_clients() == 0
  end)
end

local ok, problem = pcall(steps)
if not ok then
  fail(tostring(problem))
end
vim.cmd("qall!")
