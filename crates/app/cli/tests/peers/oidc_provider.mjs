// A certified OpenID Connect provider (npm oidc-provider) with one client, the desk: PORT REDIRECT_URI LOGOUT_URI. Whoever logs in is in the group
// of the first part of their name ("desk-ana" is in "desk"). Prints a line when it listens.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [peers, port, redirect, logout] = process.argv.slice(2);
const require = createRequire(`${peers}/package.json`);
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "desk",
      client_secret: "a secret of the desk",
      redirect_uris: [redirect],
      backchannel_logout_uri: logout,
      backchannel_logout_session_required: true,
    },
  ],
  claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
  conformIdTokenClaims: false,
  features: { backchannelLogout: { enabled: true } },
  // Its own dispatcher reaches no address of this machine, where the desk is.
  fetch: (url, { dispatcher: _, ...options }) => globalThis.fetch(url, options),
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, groups: [id.split("-")[0]] }),
  }),
});
provider.on("backchannel.error", (_, error) => console.log(`backchannel.error ${error} ${error.cause}`));
provider.on("backchannel.success", () => console.log("backchannel.success"));
provider.on("server_error", (_, error) => console.log(`server_error ${error}`));
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
