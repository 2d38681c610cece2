-- Starts `keelback lsp` for Python files. Copy it to ~/.config/nvim/plugin/keelback.lua. For Neovim 0.7 and later.
--
-- `vim.g.keelback_command` names another command, as a list: { "/path/to/keelback", "lsp" }.
-- `vim.g.keelback_configuration` names a pyproject.toml other than the nearest one.

-- The clients that were started here, by their root folder.
local clients = {}

-- The nearest folder from a file upwards that holds a pyproject.toml or is a repository, or else the file's own.
local function root_of(file)
  local folder = vim.fn.fnamemodify(file, ":p:h")
  local marker = vim.fn.findfile("pyproject.toml", folder .. ";")
  if marker == "" then
    marker = vim.fn.finddir(".git", folder .. ";")
  end
  if marker == "" then
    return folder
  end
  -- A folder's full name ends with a slash, which stands for a part of its own.
  return vim.fn.fnamemodify(marker, ":p"):gsub("/+$", ""):match("^(.*)/[^/]+$")
end

vim.api.nvim_create_autocmd("FileType", {
  pattern = "python",
  callback = function(event)
    local file = vim.api.nvim_buf_get_name(event.buf)
    -- The server has nothing to say about the stubs that it shows, and their folder is no project.
    if file == "" or vim.bo[event.buf].buftype ~= "" or file:find("/keelback/stubs-", 1, true) then
      return
    end
    local root = root_of(file)
    local id = clients[root]
    if id == nil or vim.lsp.get_client_by_id(id) == nil then
      local options = {}
      if vim.g.keelback_configuration then
        options.configuration = vim.g.keelback_configuration
      end
      id = vim.lsp.start_client({
        name = "keelback",
        cmd = vim.g.keelback_command or { "keelback", "lsp" },
        root_dir = root,
        workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
        init_options = next(options) and options or vim.empty_dict(),
      })
      clients[root] = id
    end
    if id ~= nil then
      vim.lsp.buf_attach_client(event.buf, id)
    end
  end,
})
