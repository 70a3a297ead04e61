import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location("nnunet_models", Path(__file__).with_name("nnunet_models.py"))
assert _spec is not None
assert _spec.loader is not None
_models = importlib.util.module_from_spec(_spec)
sys.modules["nnunet_models"] = _models
_spec.loader.exec_module(_models)
