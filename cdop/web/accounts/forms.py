"""What the pages of accounts accept."""

from datetime import date
from uuid import UUID

from cdop.security.permissions import Role
from cdop.sign_in.administering import Appointment
from cdop.web.forms import Form, ask


class Find(Form):
    """Parts of the names to look for."""

    words: str = ask("a name", "", max_length=200)


class RoleForm(Form):
    """A role, where and when."""

    role: Role = ask("the role")
    organisation_id: UUID | None = ask("the organisation", None)
    office: str | None = ask("the office", None, max_length=100)
    valid_from: date | None = ask("the first day", None)
    valid_to: date | None = ask("the last day", None)

    def appointment(self) -> Appointment:
        """Return the role as the service takes it."""
        return Appointment(
            self.role, self.organisation_id, self.office, self.valid_from, self.valid_to
        )


class NewAccount(RoleForm):
    """A person to be invited, with a first role."""

    username: str = ask("a user name", max_length=100)
    display_name: str = ask("the person's name", max_length=200)
    email: str = ask("an e-mail address", "", max_length=254)


class Address(Form):
    """Where an account's mail goes; empty for nowhere."""

    email: str = ask("an e-mail address", "", max_length=254)


class EndRole(Form):
    """The last day of a role."""

    valid_to: date = ask("the last day")


class DeputyForm(Form):
    """Whose role somebody stands in for, and between which days."""

    membership_id: UUID = ask("whose role it is")
    valid_from: date = ask("the first day")
    valid_to: date = ask("the last day")


class Reset(Form):
    """What is lost: the password alone, or the second factor too."""

    factor: bool = ask("what is lost", False)


class Nothing(Form):
    """A button that says all there is to say."""
