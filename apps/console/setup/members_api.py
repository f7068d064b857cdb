"""Members and their grants through the API: the same operations as on the screen, with the same refusals."""

import secrets
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.exceptions import ValidationError as NotValid
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.operations import UnableToChangePerson, change_person, create_person
from apps.accounts.permissions import EVERY_SITE, Permission, Role
from apps.accounts.sessions import authenticated_recently
from apps.sites.models import Site
from apps.sites.operations import grant_site, withdraw_site

ROLES: Final = [(role.value, role.value.replace("_", " ")) for role in Role]
_PASSWORD_BYTES: Final = 12


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class MemberNew(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=150)
    email = serializers.EmailField(help_text="The person signs in with it.")
    role = serializers.ChoiceField(choices=ROLES)

    def validate_email(self, value: str) -> str:
        email = value.lower()
        if User.objects.filter(email__iexact=email).exists():
            raise serializers.ValidationError("Somebody signs in with this address already.")
        return email


class MemberChanged(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    name = serializers.CharField(max_length=150, required=False)
    role = serializers.ChoiceField(choices=ROLES, required=False)
    is_active = serializers.BooleanField(required=False, help_text="Whether they may sign in.")


class MemberData(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField(source="display_name")
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=ROLES)
    is_active = serializers.BooleanField()
    sees_every_site = serializers.SerializerMethodField()
    sites = serializers.SerializerMethodField(help_text="Ids of the sites granted to them.")

    def get_sees_every_site(self, person: User) -> bool:
        return Role(person.role) in EVERY_SITE

    def get_sites(self, person: User) -> list[UUID]:
        return sorted(
            {grant.content_object_id for grant in person.siteuserobjectpermission_set.all()}
        )


class MemberWithPassword(MemberData):
    password = serializers.CharField(help_text="The first one, shown this once.")


class Granted(serializers.Serializer[Any]):
    site = serializers.UUIDField()


class _Office(APIView):
    """For those who manage people."""

    def person(self) -> User:
        user = self.request.user
        assert isinstance(user, User)
        if not user.may(Permission.MANAGE_USERS):
            raise PermissionDenied("This is not part of your role.")
        return user

    def fresh(self) -> User:
        user = self.person()
        if not authenticated_recently(self.request._request):
            raise PermissionDenied("Sign in again first: this needs a sign-in of the last minutes.")
        return user

    def members(self) -> Any:
        found = User.objects.filter(tenant_id=self.person().tenant_id)
        return found.prefetch_related("siteuserobjectpermission_set").order_by("username")

    def member(self, user_id: UUID) -> User:
        found: User = get_object_or_404(self.members(), id=user_id)
        return found


class MembersView(_Office):
    @extend_schema(operation_id="members", responses={200: MemberData(many=True)})
    def get(self, request: Request) -> Response:
        """Everybody of the company, with their roles and the sites granted to them."""
        return Response(MemberData(self.members(), many=True).data)

    @extend_schema(
        operation_id="member_create", request=MemberNew, responses={201: MemberWithPassword}
    )
    def post(self, request: Request) -> Response:
        """Add a person. The first password in the answer is shown once. Needs a sign-in of the last minutes."""
        user, asked = self.fresh(), MemberNew(data=request.data)
        asked.is_valid(raise_exception=True)
        said, password = asked.validated_data, secrets.token_urlsafe(_PASSWORD_BYTES)
        try:
            with transaction.atomic():
                made = create_person(
                    actor=actor_of(request._request),
                    tenant=user.tenant,
                    email=said["email"],
                    name=said["name"],
                    role=Role(said["role"]),
                    password=password,
                )
        except ValidationError as refusal:
            raise NotValid(refusal.message_dict) from None
        body = MemberData(made).data | {"password": password}
        return Response(body, status=status.HTTP_201_CREATED)


class MemberView(_Office):
    @extend_schema(operation_id="member", responses={200: MemberData})
    def get(self, request: Request, user_id: UUID) -> Response:
        """One person, their role and the sites granted to them."""
        return Response(MemberData(self.member(user_id)).data)

    @extend_schema(operation_id="member_change", request=MemberChanged, responses={200: MemberData})
    def patch(self, request: Request, user_id: UUID) -> Response:
        """Change a name or role, or whether they may sign in. Needs a sign-in of the last minutes.

        409 for oneself, and for the last administrator.
        """
        member, asked = self.member(user_id), MemberChanged(data=request.data)
        asked.is_valid(raise_exception=True)
        if member == self.fresh():
            raise Conflict("Somebody else has to change your own role.")
        said = asked.validated_data
        if "name" in said:
            member.first_name, _, member.last_name = said["name"].partition(" ")
        member.role = said.get("role", member.role)
        member.is_active = said.get("is_active", member.is_active)
        try:
            with transaction.atomic():
                change_person(actor=actor_of(request._request), user=member)
        except UnableToChangePerson as refusal:
            raise Conflict(str(refusal)) from None
        return Response(MemberData(member).data)


class MemberSitesView(_Office):
    @extend_schema(operation_id="member_grant", request=Granted, responses={200: MemberData})
    def post(self, request: Request, user_id: UUID) -> Response:
        """Let the person work at a site. Granting twice is one grant. Needs a sign-in of the last minutes."""
        member, asked = self.member(user_id), Granted(data=request.data)
        asked.is_valid(raise_exception=True)
        user = self.fresh()
        site = get_object_or_404(Site, id=asked.validated_data["site"], tenant_id=user.tenant_id)
        with transaction.atomic():
            grant_site(actor=actor_of(request._request), user=member, site=site)
        return Response(MemberData(self.member(user_id)).data)


class MemberSiteView(_Office):
    @extend_schema(operation_id="member_withdraw", responses={200: MemberData})
    def delete(self, request: Request, user_id: UUID, site_id: UUID) -> Response:
        """End the person's work at a site. 404 where they hold no grant. Needs a sign-in of the last minutes."""
        member, user = self.member(user_id), self.fresh()
        granted = Site.objects.filter(siteuserobjectpermission__user=member).distinct()
        site = get_object_or_404(granted, id=site_id, tenant_id=user.tenant_id)
        with transaction.atomic():
            withdraw_site(actor=actor_of(request._request), user=member, site=site)
        return Response(MemberData(self.member(user_id)).data)
