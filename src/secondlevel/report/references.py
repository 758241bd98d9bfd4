"""Papers that methods of the package come from, as a reference list has them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """One paper.

    Parameters
    ----------
    cited : str
        As the text names it: "Kiebel et al., 1999".
    entry : str
        As the list has it.
    doi : str, default=""
        Empty where there is none.
    """

    cited: str
    entry: str
    doi: str = ""


REFERENCES = {
    "bh": Reference(
        "Benjamini & Hochberg, 1995",
        "Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate: a practical and "
        "powerful approach to multiple testing. Journal of the Royal Statistical Society B 57, "
        "289–300.",
        "10.1111/j.2517-6161.1995.tb02031.x",
    ),
    "by": Reference(
        "Benjamini & Yekutieli, 2001",
        "Benjamini Y, Yekutieli D (2001). The control of the false discovery rate in multiple "
        "testing under dependency. Annals of Statistics 29, 1165–1188.",
        "10.1214/aos/1013699998",
    ),
    "cook": Reference(
        "Cook, 1977",
        "Cook RD (1977). Detection of influential observation in linear regression. "
        "Technometrics 19, 15–18.",
        "10.1080/00401706.1977.10489493",
    ),
    "freedman-lane": Reference(
        "Freedman & Lane, 1983",
        "Freedman D, Lane D (1983). A nonstochastic interpretation of reported significance "
        "levels. Journal of Business & Economic Statistics 1, 292–298.",
        "10.1080/07350015.1983.10509354",
    ),
    "friston": Reference(
        "Friston et al., 1994",
        "Friston KJ, Worsley KJ, Frackowiak RSJ, Mazziotta JC, Evans AC (1994). Assessing the "
        "significance of focal activations using their spatial extent. Human Brain Mapping 1, "
        "210–220.",
        "10.1002/hbm.460010306",
    ),
    "goeman": Reference(
        "Goeman et al., 2019",
        "Goeman JJ, Meijer RJ, Krebs TJP, Solari A (2019). Simultaneous control of all false "
        "discovery proportions in large-scale multiple hypothesis testing. Biometrika 106, "
        "841–856.",
        "10.1093/biomet/asz041",
    ),
    "hedges": Reference(
        "Hedges, 1981",
        "Hedges LV (1981). Distribution theory for Glass's estimator of effect size and related "
        "estimators. Journal of Educational Statistics 6, 107–128.",
        "10.3102/10769986006002107",
    ),
    "kiebel": Reference(
        "Kiebel et al., 1999",
        "Kiebel SJ, Poline JB, Friston KJ, Holmes AP, Worsley KJ (1999). Robust smoothness "
        "estimation in statistical parametric maps using standardized residuals from the general "
        "linear model. NeuroImage 10, 756–766.",
        "10.1006/nimg.1999.0508",
    ),
    "rosenblatt": Reference(
        "Rosenblatt et al., 2018",
        "Rosenblatt JD, Finos L, Weeda WD, Solari A, Goeman JJ (2018). All-Resolutions Inference "
        "for brain imaging. NeuroImage 181, 786–796.",
        "10.1016/j.neuroimage.2018.07.060",
    ),
    "steiger": Reference(
        "Steiger & Fouladi, 1997",
        "Steiger JH, Fouladi RT (1997). Noncentrality interval estimation and the evaluation of "
        "statistical models. In: Harlow LL, Mulaik SA, Steiger JH (eds), What if there were no "
        "significance tests? Mahwah: Lawrence Erlbaum, 221–257.",
    ),
    "winkler": Reference(
        "Winkler et al., 2014",
        "Winkler AM, Ridgway GR, Webster MA, Smith SM, Nichols TE (2014). Permutation inference "
        "for the general linear model. NeuroImage 92, 381–397.",
        "10.1016/j.neuroimage.2014.01.060",
    ),
    "worsley": Reference(
        "Worsley et al., 1996",
        "Worsley KJ, Marrett S, Neelin P, Vandal AC, Friston KJ, Evans AC (1996). A unified "
        "statistical approach for determining significant signals in images of cerebral "
        "activation. Human Brain Mapping 4, 58–73.",
        "10.1002/(SICI)1097-0193(1996)4:1<58::AID-HBM4>3.0.CO;2-O",
    ),
    "worsley-mesh": Reference(
        "Worsley et al., 1999",
        "Worsley KJ, Andermann M, Koulis T, MacDonald D, Evans AC (1999). Detecting changes in "
        "nonisotropic images. Human Brain Mapping 8, 98–101.",
        "10.1002/(SICI)1097-0193(1999)8:2/3<98::AID-HBM5>3.0.CO;2-F",
    ),
}
"""By a short name, in the order of a reference list."""


class Citations:
    """What a text has cited so far.

    Examples
    --------
    >>> citations = Citations()
    >>> citations("hedges", "cook")
    '(Hedges, 1981; Cook, 1977)'
    >>> [reference.cited for reference in citations.used]
    ['Cook, 1977', 'Hedges, 1981']
    """

    def __init__(self) -> None:
        self._names: set[str] = set()

    def __call__(self, *names: str) -> str:
        """Cite papers; return what stands in the text."""
        self._names.update(names)
        return f"({'; '.join(REFERENCES[name].cited for name in names)})"

    @property
    def used(self) -> tuple[Reference, ...]:
        """The papers cited, in the order of a reference list."""
        return tuple(paper for name, paper in REFERENCES.items() if name in self._names)
