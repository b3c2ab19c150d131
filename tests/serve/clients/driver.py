"""Calls operations that standard input names through the generated Python client, in its generator's environment.

Each line is a JSON object: tag, operation, path (a list), params, body. Each answer is a line: status, content.
"""

import importlib
import json
import sys
from typing import Any, get_args, get_type_hints

from kqml_generated import AuthenticatedClient
from kqml_generated.types import Unset


def call(client: AuthenticatedClient, request: dict[str, Any]) -> dict[str, Any]:
    module = importlib.import_module(f"kqml_generated.api.{request['tag']}.{request['operation']}")
    words = dict(request["params"])
    if request["body"] is not None:
        words["body"] = body_class(module).from_dict(request["body"])
    response = module.sync_detailed(*request["path"], client=client, **words)
    content = response.parsed.to_dict() if hasattr(response.parsed, "to_dict") else json.loads(response.content)
    return {"status": int(response.status_code), "content": content}


def body_class(module: Any) -> Any:
    """The model of an operation's body."""
    hint = get_type_hints(module.sync_detailed)["body"]
    return next(each for each in (*get_args(hint), hint) if hasattr(each, "from_dict") and each is not Unset)


if __name__ == "__main__":
    client = AuthenticatedClient(sys.argv[1], token=sys.argv[2])
    for line in sys.stdin:
        print(json.dumps(call(client, json.loads(line))), flush=True)
