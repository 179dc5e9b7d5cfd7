"""Who will book within 90 days, and how often regulars will come: scores, and the card of how good
they are. docs/scoring.md tells staff the same.

`facts` reads what was known at a moment, `features` makes numbers and words of it, `learning`
trains, `measures` judges, `card` is what is kept of a model, `points` stands in while data is
scarce, `visits` is the model of regulars, `run` does all of it in order. numpy, SciPy and
scikit-learn are loaded only where these modules run: nothing here is imported by a page.
"""
