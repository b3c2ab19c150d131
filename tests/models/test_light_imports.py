import subprocess
import sys


def test_whoever_scores_never_imports_mlflow() -> None:
    code = (
        "import sys, models.churn.bundle, models.churn.scoring, models.churn.score_change;"
        "import models.registry.served_pointer, models.registry.publishing;"
        "sys.exit('mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
