;; Plimsoll in Emacs: add this to init.el. Eglot comes with Emacs 29; for older ones it is a package.

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               ;; The number is the major version of the server that the migrations run on.
               '(sql-mode . ("plimsoll" "lsp" "--server-version" "18"))))

(add-hook 'sql-mode-hook #'eglot-ensure)
