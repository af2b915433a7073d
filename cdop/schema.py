"""Every table of the register in one metadata, for migrations and for checks of the schema."""

from sqlmodel import SQLModel

import cdop.case_reviews.models
import cdop.deaths.models
import cdop.jobs.models
import cdop.meetings.models
import cdop.organisations.models
import cdop.organisations.reach_models
import cdop.overview.models
import cdop.reference_files.models
import cdop.retention.models
import cdop.retention.rights.models
import cdop.security.audit.models
import cdop.security.models
import cdop.sign_in.identities.models
import cdop.sign_in.models
import cdop.sign_in.notices.models
import cdop.sign_in.passkeys.models
import cdop.statistics.models
import cdop.tasks.models  # noqa: F401

metadata = SQLModel.metadata
