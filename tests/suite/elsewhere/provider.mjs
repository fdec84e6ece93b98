// A certified OpenID provider whose people have no passwords: who types a name is that one.
//
//   node provider.mjs REDIRECT
//
// Prints its issuer once it can be asked.

import { createServer } from "node:http";
import Provider from "oidc-provider";

const [redirect] = process.argv.slice(2);
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  // Another site than the server's, as a provider's is.
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "livestream",
        client_secret: "a secret that the test knows",
        redirect_uris: [redirect],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name", "preferred_username"],
      groups: ["groups"],
    },
    scopes: ["openid", "groups"],
    cookies: { keys: ["a key that signs nothing of worth"] },
    pkce: { required: () => true },
    // Its own pages for that take a font from another host.
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, name) => ({
      accountId: name,
      claims: () => ({
        sub: name,
        email: `${name}@example.org`,
        email_verified: true,
        name: `${name} of the example`,
        preferred_username: name,
        groups: name === "grace" ? ["staff"] : [],
      }),
    }),
  });
  const others = provider.callback();
  server.on("request", (request, response) => {
    if (!request.url.startsWith("/interaction/")) return others(request, response);
    interact(provider, request, response).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });
  console.log(issuer);
});

// Asks who it is; that this one may be told of is taken for granted.
async function interact(provider, request, response) {
  const { prompt, session, params } = await provider.interactionDetails(request, response);
  const finish = (result) => provider.interactionFinished(request, response, result);
  if (prompt.name === "consent") {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return finish({ consent: { grantId: await grant.save() } });
  }
  if (request.method === "POST") {
    let body = "";
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    if (form.has("no")) return finish({ error: "access_denied" });
    return finish({ login: { accountId: form.get("login") } });
  }
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(`<!doctype html>
<html lang="en"><link rel="icon" href="data:,"><title>The example</title>
<form method="post"><label>Name <input id="login" name="login" autofocus></label>
<button id="yes">Sign in</button> <button id="no" name="no" value="1">No</button></form>`);
}
