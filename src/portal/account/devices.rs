//! The browsers an account signed in with before: listed beside its sessions, forgotten one by one. They end with the
//! password.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{device, sign_out::Nothing};
use crate::{
    accounts::ListedDevice,
    app::App,
    audit::{EventDetail, EventKind, Subject},
    tokens::DeviceId,
    web::{
        error::PageError,
        flash::Flash,
        form::Form,
        format::{Time, browser},
        page::{SignedIn, go_to},
    },
};

/// A device, ready for templates.
pub(super) struct DeviceView {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) address: String,
    pub(super) since: Time,
    pub(super) seen: Time,
    pub(super) is_this: bool,
}

impl DeviceView {
    fn new(device: ListedDevice, this: Option<DeviceId>, me: &SignedIn) -> Self {
        let time = |at| me.time(at);
        Self {
            is_this: Some(device.id) == this,
            id: device.id.to_string(),
            name: browser(&device.client),
            address: device.address,
            since: time(device.created_at),
            seen: time(device.seen_at),
        }
    }
}

/// The devices of whoever is signed in, this one first.
pub(super) async fn list(req: &HttpRequest, app: &App, me: &SignedIn) -> Result<Vec<DeviceView>, PageError> {
    let this = device::of(req, app).await?.map(|device| device.id);
    let found = app.store.devices_of(me.account.id).await?.into_iter();
    let mut devices: Vec<_> = found.map(|device| DeviceView::new(device, this, me)).collect();
    devices.sort_by_key(|device| !device.is_this);
    Ok(devices)
}

/// `POST /settings/devices/{id}/forget`
pub async fn forget_device(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = DeviceId::parse(&id).ok_or(PageError::NotFound)?;
    let mut tx = me.begin(&app).await?;
    let (client, address) = tx.forget_device(me.account.id, id).await?.ok_or(PageError::NotFound)?;
    let detail = EventDetail::Session { client, address };
    tx.record(EventKind::DeviceForgotten, &me.actor, Subject::account(me.account.id), detail, me.now).await?;
    tx.commit().await?;
    Ok(go_to(&req, Flash::DeviceForgotten.at("/settings/sessions")))
}
