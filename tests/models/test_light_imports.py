import subprocess
import sys


def test_whoever_scores_never_imports_mlflow() -> None:
    code = (
        "import sys, models.bundle, models.published, models.scoring, models.why_changed, models.registry.publishing;"
        "sys.exit('mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
