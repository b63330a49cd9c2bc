// Ends with 0 while the server, and the database behind it, answer.
const { ok } = await fetch(`http://127.0.0.1:${process.env['PORT'] ?? 8080}/health`)
process.exit(ok ? 0 : 1)
