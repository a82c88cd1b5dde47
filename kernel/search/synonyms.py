"""Words that people use for one another in questions, where the help and the pages know the thing by another of them."""

SYNONYMS = {
    "es": (
        ("contraseña", "clave"),
        ("certificado", "diploma"),
        ("inscribirse", "matricularse"),
        ("inscripción", "matrícula"),
        ("calificación", "nota"),
        ("cuestionario", "examen"),
        ("aviso", "notificación"),
        ("expediente", "récord"),
        ("correo", "email", "mail"),
        ("teléfono", "celular"),
        ("ingresar", "entrar"),
        ("dispensa", "exoneración"),
        ("eliminar", "borrar"),
        ("desactivar", "silenciar"),
        ("vencer", "vencimiento"),
        ("jubilación", "vejez"),
    ),
    "en": (
        ("password", "passcode"),
        ("certificate", "diploma"),
        ("enrol", "register"),
        ("grade", "mark"),
        ("quiz", "exam"),
        ("email", "mail"),
        ("delete", "erase"),
        ("expire", "expiry"),
    ),
}
"""By language the groups of words that mean the same in a question; their inflected forms count as they do."""
