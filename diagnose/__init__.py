"""Says why a cross-built Python wheel, or its build, fails, and exactly what to do.

The library interface is what :data:`__all__` names; it is imported when it is first used.
"""

__version__ = "0.1.0"

__all__ = ["Evidence", "Finding", "Fix", "Outcome", "Report", "Result", "Severity", "__version__"]
__all__ += ["env", "log", "render", "wheel", "workflow"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from diagnose.api import env, log, render, wheel, workflow
    from diagnose.engine.run import Report, Result
    from diagnose.model.finding import Evidence, Finding, Fix, Severity
    from diagnose.model.outcome import Outcome
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from diagnose import api  # nothing here may cost the command line its start

        return getattr(api, name)
