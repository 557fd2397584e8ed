"""The best values that Optuna's TPE finds on the test problems: optuna_search.py SEEDS, JSON on standard output."""

import json
import math
import sys

import optuna

WEIGHTS = [1, 1.2, 3, 3.2]
SHAPES = [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
]
CENTRES = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]


def branin(trial):
    x = trial.suggest_float("x", -5, 10)
    y = trial.suggest_float("y", 0, 15)
    curve = y - (5.1 / (4 * math.pi**2)) * x**2 + (5 / math.pi) * x - 6
    return curve**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann(trial):
    xs = [trial.suggest_float(f"x{axis}", 0, 1) for axis in range(6)]
    return -sum(
        weight * math.exp(-sum(a * (x - c) ** 2 for a, x, c in zip(shape, xs, centre)))
        for weight, shape, centre in zip(WEIGHTS, SHAPES, CENTRES)
    )


def rate_and_choice(trial):
    rate = trial.suggest_float("rate", 1e-5, 10, log=True)
    choice = trial.suggest_categorical("choice", [0, 1, 2, 3])
    return math.log10(rate / 1e-2) ** 2 + [1, 0.5, 0, 2][choice]


def best(problem, trials, seed):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(multivariate=False, seed=seed))
    study.optimize(problem, n_trials=trials)
    return study.best_value


optuna.logging.set_verbosity(optuna.logging.WARNING)
problems = {"branin": (branin, 60), "hartmann": (hartmann, 100), "rateAndChoice": (rate_and_choice, 40)}
seeds = range(int(sys.argv[1]))
print(json.dumps({name: [best(problem, trials, seed) for seed in seeds] for name, (problem, trials) in problems.items()}))
