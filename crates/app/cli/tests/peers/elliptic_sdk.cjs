// Asks a server through Elliptic's npm SDK: URL KEY SECRET METHOD PATH [JSON]. Prints status and body as JSON.
const { AML } = require("elliptic-sdk");
const [url, key, secret, method, path, body] = process.argv.slice(2);
const { client } = new AML({ key, secret, baseURL: url });
client
  .request({ method, url: path, data: body ? JSON.parse(body) : undefined, validateStatus: () => true })
  .then((answer) => console.log(JSON.stringify({ status: answer.status, body: answer.data })))
  .catch((error) => { console.error(error); process.exit(1); });
