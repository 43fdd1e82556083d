"""GitHub as a deployment sees it: the OIDC issuer, events and the REST calls we use."""
