-- Plimsoll in Neovim: paste this into init.lua, or load it with `:luafile`. It wants 0.7 or newer.

local plimsoll = {
  name = 'plimsoll',
  cmd = { 'plimsoll', 'lsp' },
  root_dir = vim.fn.getcwd(),
  -- The major version of the server that the migrations run on.
  init_options = { serverVersion = 18 },
}

local old_client -- for Neovim 0.7, which has no vim.lsp.start

local function attach(event)
  if vim.lsp.start then
    vim.lsp.start(plimsoll, { bufnr = event.buf })
  else
    old_client = old_client or vim.lsp.start_client(plimsoll)
    vim.lsp.buf_attach_client(event.buf, old_client)
  end
  -- What the statement under the cursor locks, reads and rewrites.
  vim.keymap.set('n', 'K', vim.lsp.buf.hover, { buffer = event.buf })
end

vim.api.nvim_create_autocmd('FileType', { pattern = 'sql', callback = attach })
