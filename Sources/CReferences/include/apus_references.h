/* No declarations: see apus_references.c. */
