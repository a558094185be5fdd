"""The part of features.py that one function rests on: text in, text out; nothing is run."""

import ast


def code_of(text: str, function: str) -> str:
    """The code of a function with everything of the same text that it refers to, free of comments and layout.

    Args:
        text: a whole features.py.
        function: name of a function at its top level; any other name gives an empty text.
    """
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError):
        return ""
    defines = [(one, _defined(one)) for one in statements]
    wanted, open_names = set[str](), [function]
    while open_names:
        name = open_names.pop()
        wanted.add(name)
        for one, names in defines:
            if name in names:
                open_names += [used for used in _used(one) if used not in wanted and used not in open_names]
    return "\n".join(ast.unparse(one) for one, names in defines if names & wanted)


def _defined(statement: ast.stmt) -> set[str]:
    """Names that a statement at the top level gives a meaning."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(one.asname or one.name).partition(".")[0] for one in statement.names}
    return {one.id for one in ast.walk(statement) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def _used(statement: ast.stmt) -> set[str]:
    return {one.id for one in ast.walk(statement) if isinstance(one, ast.Name)}
