"""botocore sessions that know nothing of this machine: no variable, profile, file or credential chain of the user.

A session of botocore's own making reads AWS_* variables, ~/.aws/config and ~/.aws/models even where every key and
address is given: a wrong AWS_PROFILE alone would end a rehearsal.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any


@cache
def loader() -> Any:
    """The service models that botocore ships, and no others. Shared by all sessions: a model is read once."""
    from botocore.loaders import Loader  # heavy, and needed with the first call only

    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def session(keys: Mapping[str, str] | None, region: str) -> Any:
    """A botocore session with these credentials (AccessKeyId, SecretAccessKey, maybe SessionToken), or with none."""
    from botocore.session import Session

    made = Session()
    made.register_component("config_store", _defaults(made))
    made.register_component("data_loader", loader())
    for name in ("config_file", "credentials_file"):
        made.set_config_variable(name, os.devnull)
    made.set_config_variable("region", region)
    if keys:
        made.set_credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken"))
    return made


def _defaults(made: Any) -> Any:
    """Every setting is what was set on the session itself, or botocore's default."""
    from botocore.configprovider import (
        BOTOCORE_DEFAUT_SESSION_VARIABLES,
        ConfigChainFactory,
        ConfigValueStore,
        ConstantProvider,
    )

    chains = ConfigChainFactory(session=made, environ={})
    mapping = {
        name: chains.create_config_chain(instance_name=name, default=default, conversion_func=conversion)
        for name, (_, _, default, conversion) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    return ConfigValueStore(mapping=mapping | {name: ConstantProvider({}) for name in ("s3", "proxies_config")})
