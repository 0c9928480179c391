"""How a Django form is drawn: the same field everywhere, with label, help, error and their ties."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Django's own rendering with our field; widgets keep Django's templates unless ours stand in their place."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
