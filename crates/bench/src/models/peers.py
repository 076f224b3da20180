"""Trains LightGBM and XGBoost on the rows that peers.rs wrote, and writes their scores of the test rows: one thread, same early stopping.

Without arguments it prints the versions of both.
"""

import json
import sys

import lightgbm
import numpy
import xgboost

if len(sys.argv) == 1:
    print(json.dumps({"lightgbm": lightgbm.__version__, "xgboost": xgboost.__version__}))
    sys.exit()

folder, leaves, rate, patience, trees = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
parts = [numpy.loadtxt(f"{folder}/{name}.csv", delimiter=",") for name in ("train", "validation", "test")]
(x, y), (vx, vy), (tx, _) = [(p[:, 1:], p[:, 0]) for p in parts]

data = lightgbm.Dataset(x, y)
settings = {
    "objective": "binary", "num_leaves": leaves, "learning_rate": rate, "num_threads": 1, "verbose": -1, "deterministic": True,
    "force_col_wise": True, "metric": "binary_logloss", "seed": 1,
}
stop = lightgbm.early_stopping(patience, verbose=False)
booster = lightgbm.train(settings, data, trees, valid_sets=[lightgbm.Dataset(vx, vy, reference=data)], callbacks=[stop])
numpy.savetxt(f"{folder}/lightgbm.txt", booster.predict(tx, raw_score=True, num_iteration=booster.best_iteration), fmt="%.17g")

settings = {
    "objective": "binary:logistic", "eta": rate, "tree_method": "hist", "nthread": 1, "seed": 1, "eval_metric": "logloss", "max_depth": 6,
}
booster = xgboost.train(
    settings, xgboost.DMatrix(x, y), trees, [(xgboost.DMatrix(vx, vy), "validation")], early_stopping_rounds=patience, verbose_eval=False
)
scores = booster.predict(xgboost.DMatrix(tx), output_margin=True, iteration_range=(0, booster.best_iteration + 1))
numpy.savetxt(f"{folder}/xgboost.txt", scores, fmt="%.17g")
